#include "cli/intake.h"
#include "cli/keys.h"
#include "ingest/source.h"

#include <stdlib.h>
#include <unistd.h>

/* Items in work or waiting for their turn: their feedback may lie in temporary files, so there are not too many. */
#define SLOTS 64

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
	struct source *source;
	int arg;      /* the next argument */
	bool stopped; /* by `take` */
};

unsigned intake_jobs(const struct cli *cli)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t jobs = cli->config.jobs ? cli->config.jobs : processors > 0 ? (uint64_t)processors : 1;

	return jobs < CREW_JOBS ? (unsigned)jobs : CREW_JOBS;
}

static void item_release(struct intake_item *item)
{
	mail_release(&item->mail);
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

/* Hands out what is done and has its turn. */
static void intake_deliver(struct intake *intake)
{
	if (!intake->plan->ordered) {
		for (unsigned i = 0; i < SLOTS; i++)
			if (intake->slots[i].used && intake->slots[i].done)
				slot_take(intake, &intake->slots[i]);
		return;
	}
	while (intake->taken < intake->given && intake->slots[intake->taken % SLOTS].done)
		slot_take(intake, &intake->slots[intake->taken++ % SLOTS]);
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

/* The next mail of all sources: as source_next. */
static int intake_next(struct intake *intake, struct mail *mail, struct fault *fault)
{
	const struct options *options = &intake->cli->options;

	for (;;) {
		int state;

		if (!intake->source) {
			if (intake->arg == options->args_n)
				return 0;
			intake->source = source_open(options->args[intake->arg++], intake->cli->config.limits.inflated);
			if (!intake->source) {
				fault_set(fault, FAULT_LATER, "out of memory");
				return -1;
			}
		}
		state = source_next(intake->source, mail, fault);
		if (state)
			return state;
		source_close(intake->source);
		intake->source = NULL;
	}
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

/* Fills the crew and the slots. 1: gave or noted one input, 0: no more, -1: fault. */
static int intake_feed(struct intake *intake, struct fault *fault)
{
	struct mail mail = { .fd = -1 };
	struct fault input_fault = { 0 };
	uint64_t ticket;
	struct slot *slot = slot_find(intake, &ticket);
	int state;

	if (!slot || !crew_idle(intake->crew))
		return 0;
	state = intake_next(intake, &mail, &input_fault);
	if (state == 0)
		return 0;
	if (state > 0 && intake->plan->wanted && !intake->plan->wanted(intake->plan->arg, &mail)) {
		mail_release(&mail);
		return 1;
	}
	*slot = (struct slot){ .used = true, .done = state < 0, .item = { .mail = mail, .fault = input_fault } };
	intake->given++;
	if (state > 0 && !slot_give(intake, slot, ticket, fault))
		return -1;
	return 1;
}

static bool intake_collect(struct intake *intake, struct fault *fault)
{
	struct crew_done done;
	struct slot *slot;

	if (!crew_wait(intake->crew, &done, fault))
		return fault->kind == FAULT_NONE;
	slot = &intake->slots[done.ticket % SLOTS];
	slot->item.feedback = done.feedback;
	slot->item.fault = done.fault;
	slot->done = true;
	return true;
}

static bool intake_loop(struct intake *intake, struct fault *fault)
{
	uint64_t done, total;
	int fed = 1;

	while (!intake->stopped) {
		while ((fed = intake_feed(intake, fault)) > 0 && !intake->stopped)
			intake_deliver(intake);
		if (fed < 0)
			return false;
		if (intake->plan->progress && intake->source) {
			source_progress(intake->source, &done, &total);
			intake->plan->progress(intake->plan->arg, done, total, intake->given);
		}
		if (!crew_busy(intake->crew))
			break;
		if (!intake_collect(intake, fault))
			return false;
		intake_deliver(intake);
	}
	return !intake->stopped;
}

bool intake_run(struct cli *cli, const struct intake_plan *plan, struct fault *fault)
{
	struct intake *intake = calloc(1, sizeof *intake);
	bool done;

	if (!intake)
		return fault_set(fault, FAULT_LATER, "out of memory");
	intake->cli = cli;
	intake->plan = plan;
	for (unsigned i = 0; i < SLOTS; i++)
		intake->slots[i].item.mail.fd = -1;
	intake->crew = crew_start(cli->nursery, &cli->config.limits, intake_jobs(cli), fault);
	if (intake->crew)
		keys_attach(plan->keys, intake->crew);
	done = intake->crew && intake_loop(intake, fault);
	for (unsigned i = 0; i < SLOTS; i++)
		item_release(&intake->slots[i].item);
	source_close(intake->source);
	crew_free(intake->crew);
	free(intake);
	return done;
}
