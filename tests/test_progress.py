import io

from textual_inversion.events import Evaluated, Finished, Saved
from textual_inversion.progress import Printer


def printed(*events):
    out = io.StringIO()
    printer = Printer(out)
    for event in events:
        printer.show(event)
    return out.getvalue().splitlines()


def test_the_end_says_which_vectors_were_best():
    read = [Evaluated(10, 0.5, 1, 1, 1), Evaluated(20, 0.25, 1, 1, 1), Evaluated(30, 0.4, 1, 1, 1)]
    end = [Saved(30, "best", "runs/cat-best.pt"), Finished(30, "done", "embeddings/cat.pt")]
    assert printed(*read, *end) == [
        "Done at 30: embeddings/cat.pt",
        "Best: step 20, fixed-batch loss 0.2500: runs/cat-best.pt",
    ]


def test_without_evaluations_there_is_no_best():
    assert printed(Finished(30, "stopped", "cat.pt")) == ["Interrupted, saved at 30: cat.pt"]
