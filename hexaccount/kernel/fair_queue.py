from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Items of subjects that take turns, so that none can take the turns or the places of the others.

    One subject after the other loses its oldest item to `take` (round robin, as RFC 970 proposes for packets). It is
    not safe among threads.
    """

    def __init__(self) -> None:
        self._items: OrderedDict[str, deque[T]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def put(self, subject: str, item: T) -> None:
        self._items.setdefault(subject, deque()).append(item)
        self._length += 1

    def take(self, fits: Callable[[T], bool] = lambda _: True) -> T | None:
        """Remove and return the oldest item of the subject whose turn it is; None if there is none.

        A subject whose oldest item does not fit keeps its turn, and the next one is asked.
        """
        subject = next((each for each, items in self._items.items() if fits(items[0])), None)
        if subject is None:
            return None
        items = self._items.pop(subject)
        item = items.popleft()
        if items:
            self._items[subject] = items
        self._length -= 1
        return item

    def displace(self, subject: str) -> T | None:
        """Remove and return the newest item of the subject with the most, to make room for one of `subject`.

        Returns None if `subject` would then have as many as that one had.
        """
        largest = max(self._items, key=lambda each: len(self._items[each]), default=subject)
        if len(self._items.get(largest, ())) < len(self._items.get(subject, ())) + 2:
            return None
        self._length -= 1
        return self._items[largest].pop()
