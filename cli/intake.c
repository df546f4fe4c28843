#include "cli/intake.h"
#include "cli/keys.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* Items in work or waiting for their turn: their feedback may lie in temporary files, so there are not too many. */
#define SLOTS 64
#define IDLE_MS 1000 /* what waits to be stored does not wait longer for a silent server */

struct slot {
	struct intake_item item;
	bool used, done;
};

struct intake {
	struct cli *cli;
	const struct intake_plan *plan;
	struct crew *crew;
	struct slot slots[SLOTS]; /* ticket modulo SLOTS */
	uint64_t given, taken;    /* tickets handed out; ordered: the next one to be taken */
	struct inlet *inlet;
	enum inlet_state state; /* of the inlet, when last asked */
	bool stopped;           /* by `take` or `flush` */
};

/* The number of processes to read with. */
static unsigned intake_jobs(const struct cli *cli)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t jobs = cli->config.jobs ? cli->config.jobs : processors > 0 ? (uint64_t)processors : 1;

	return jobs < CREW_JOBS ? (unsigned)jobs : CREW_JOBS;
}

static void item_release(struct intake_item *item)
{
	mail_release(&item->mail);
	mail_place_release(&item->place);
	feedback_free(item->feedback);
	*item = (struct intake_item){ .mail = { .fd = -1 } };
}

static void slot_take(struct intake *intake, struct slot *slot)
{
	if (!intake->stopped && !intake->plan->take(intake->plan->arg, &slot->item))
		intake->stopped = true;
	item_release(&slot->item);
	slot->used = slot->done = false;
}

/* Hands out what is done and has its turn. Returns whether anything was. */
static bool intake_deliver(struct intake *intake)
{
	bool some = false;

	if (!intake->plan->ordered) {
		for (unsigned i = 0; i < SLOTS; i++) {
			if (!intake->slots[i].used || !intake->slots[i].done)
				continue;
			slot_take(intake, &intake->slots[i]);
			some = true;
		}
		return some;
	}
	while (intake->taken < intake->given && intake->slots[intake->taken % SLOTS].done) {
		slot_take(intake, &intake->slots[intake->taken++ % SLOTS]);
		some = true;
	}
	return some;
}

/* A slot whose ticket is free: in order, the next one; else any. */
static struct slot *slot_find(struct intake *intake, uint64_t *ticket)
{
	for (unsigned i = 0; i < (intake->plan->ordered ? 1 : SLOTS); i++) {
		struct slot *slot = &intake->slots[(intake->given + i) % SLOTS];

		if (slot->used)
			continue;
		*ticket = (intake->given + i) % SLOTS;
		return slot;
	}
	return NULL;
}

static bool slot_give(struct intake *intake, struct slot *slot, uint64_t ticket, struct fault *fault)
{
	const struct mail *mail = &slot->item.mail;
	struct parse_range range = { intake->plan->kind, mail->offset, mail->length };
	struct parse_input input = { mail->fd, &range, 1, intake->plan->flags, intake->plan->at };

	if (!crew_give(intake->crew, ticket, &input, fault))
		return false;
	close(slot->item.mail.fd);
	slot->item.mail.fd = -1;
	return true;
}

/* Is the mail to be read? Else the item is done already. */
static bool item_look(struct intake *intake, struct intake_item *item)
{
	int wanted = 1;

	if (item->fault.kind != FAULT_NONE)
		return false;
	if (intake->plan->wanted)
		wanted = intake->plan->wanted(intake->plan->arg, item, &item->fault);
	item->passed = wanted == 0;
	return wanted == 1;
}

/* Fills the crew and the slots. 1: gave or noted one input; 0: nothing to be had or no room; -1: fault. */
static int intake_feed(struct intake *intake, struct fault *fault)
{
	struct intake_item item = { .mail = { .fd = -1 } };
	uint64_t ticket;
	struct slot *slot = slot_find(intake, &ticket);

	intake->state = INLET_MAIL;
	if (!slot || !crew_idle(intake->crew))
		return 0;
	intake->state = intake->inlet->next(intake->inlet->self, &item);
	if (intake->state == INLET_FLUSH) {
		intake_deliver(intake);
		intake->stopped |= intake->plan->flush && !intake->plan->flush(intake->plan->arg);
		return 1;
	}
	if (intake->state != INLET_MAIL)
		return 0;
	*slot = (struct slot){ .used = true, .item = item };
	slot->done = !item_look(intake, &slot->item);
	intake->given++;
	return slot->done || slot_give(intake, slot, ticket, fault) ? 1 : -1;
}

static bool intake_collect(struct intake *intake, struct fault *fault)
{
	struct crew_done done;
	struct slot *slot;

	if (!crew_wait(intake->crew, &done, fault)) /* none was in work, or the inlet has something */
		return fault->kind == FAULT_NONE;
	slot = &intake->slots[done.ticket % SLOTS];
	slot->item.feedback = done.feedback;
	slot->item.fault = done.fault;
	slot->done = true;
	return true;
}

/* Nothing is in work and the inlet has nothing yet. */
static void intake_idle(struct intake *intake)
{
	struct pollfd ready = { intake->inlet->descriptor(intake->inlet->self), POLLIN, 0 };

	if (poll(&ready, 1, IDLE_MS) == 0 && intake->plan->flush && !intake->plan->flush(intake->plan->arg))
		intake->stopped = true;
}

static void intake_progress(const struct intake *intake)
{
	uint64_t done, total;

	if (!intake->plan->progress)
		return;
	intake->inlet->progress(intake->inlet->self, &done, &total);
	intake->plan->progress(intake->plan->arg, done, total, intake->given);
}

/* First the workers get what they may have, then what is done is taken: they read on meanwhile. */
static bool intake_loop(struct intake *intake, struct fault *fault)
{
	int fed = 1;

	while (!intake->stopped) {
		while ((fed = intake_feed(intake, fault)) > 0 && !intake->stopped)
			;
		if (fed < 0)
			return false;
		intake_progress(intake);
		if (intake_deliver(intake))
			continue;
		if (intake->state == INLET_LATER)
			crew_interrupt_on(intake->crew, intake->inlet->descriptor(intake->inlet->self));
		else
			crew_interrupt_on(intake->crew, -1);
		if (crew_busy(intake->crew)) {
			if (!intake_collect(intake, fault))
				return false;
		} else if (intake->state == INLET_LATER) {
			intake_idle(intake);
		} else {
			break;
		}
	}
	return !intake->stopped;
}

bool intake_run(struct cli *cli, const struct intake_plan *plan, struct fault *fault)
{
	struct intake *intake = calloc(1, sizeof *intake);
	struct inlet files = { 0 };
	bool done;

	if (!intake)
		return fault_set(fault, FAULT_LATER, "out of memory");
	intake->cli = cli;
	intake->plan = plan;
	intake->inlet = plan->inlet ? plan->inlet : &files;
	if (!plan->inlet)
		files = inlet_files(cli, plan->known, plan->arg);
	for (unsigned i = 0; i < SLOTS; i++)
		intake->slots[i].item.mail.fd = -1;
	if (intake->inlet->self)
		intake->crew = crew_start(cli->nursery, &cli->config.limits, intake_jobs(cli), fault);
	else
		fault_set(fault, FAULT_LATER, "out of memory");
	if (intake->crew)
		keys_attach(plan->keys, intake->crew);
	done = intake->crew && intake_loop(intake, fault);
	for (unsigned i = 0; i < SLOTS; i++)
		item_release(&intake->slots[i].item);
	inlet_files_close(&files);
	crew_free(intake->crew);
	free(intake);
	return done;
}
