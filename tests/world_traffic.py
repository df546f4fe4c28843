"""The made-up organisation of the reference directory (synth.py) as traffic: one tuple per line of a report, with the weeks
before the window that its store is said to know.  Nothing of it is kept here; it is calculated anew."""
import sys

BASE = 20743            # 2026-10-17, the first of 35 days


def traffic(reference):
    """The reference's cells, each with the number of its day."""
    sys.path.insert(0, reference)
    sys.dont_write_bytecode = True
    import synth

    for cell in synth.cells:
        yield BASE + cell['day'], cell
    for cell in synth.cells:
        if cell['org'] == 'paywise':
            yield BASE + cell['day'] - 28, cell     # 25 September
            yield BASE + cell['day'] - 59, cell     # 25 August
        elif cell['day'] < 28 and not cell['org'].startswith('scatter'):
            yield BASE + cell['day'] - 28, cell
