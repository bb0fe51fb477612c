"""What the demo page shows, read from a tab of a browser."""

from .deadline import wait_until

# A page that is being reloaded has no elements for a moment: it has no state then.
STATE = "document.querySelector('#status')?.dataset.state"
IDS = "[...document.querySelectorAll('#messages li')].map((item) => item.dataset.id)"
TEXTS = "[...document.querySelectorAll('#messages li p')].map((item) => item.textContent)"
UNSENT = "[...document.querySelectorAll('#outbox li.unsent p')].map((item) => item.textContent)"


def live(tab, seconds=45):
    tab.wait_for(f"{STATE} === 'live'", seconds, "the page is live")


def shows(tab, texts, seconds=15):
    """Waits until the tab shows exactly these messages in this order, each once."""
    wait_until(lambda: tab.evaluate(TEXTS) == texts, seconds, f"{len(texts)} messages shown")
    ids = tab.evaluate(IDS)
    assert len(ids) == len(set(ids))
