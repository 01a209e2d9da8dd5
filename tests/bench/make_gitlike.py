#!/usr/bin/env python3
"""Make a trace for `moot lab reconcile` in the shape of a large git history.

  make_gitlike.py [--authors 2632] [--commits 20000] [--new 20] [--seed 1]   > FILE
      A main line with short-lived branches that are merged back; few authors make most commits, and each
      author makes at least one. After that, NEW/2 commits on each of the two sides.

The format is that of `moot lab reconcile --help`: AUTHOR PAYLOAD_BYTES SIDE PARENT...
"""
import argparse
import random


class History:
    def __init__(self, options):
        self.random = random.Random(options.seed)
        self.bytes = options.bytes
        self.count = 0
        # Zipf: the k-th author makes 1/k as much as the first.
        self.weights = [1 / (k + 1) for k in range(options.authors)]
        self.authors = list(range(options.authors))
        # Everybody once, spread over the whole history; the founder first.
        first = self.authors[1:]
        self.random.shuffle(first)
        self.debut = dict(zip(sorted(self.random.sample(range(1, options.commits), len(first))), first))

    def commit(self, parents, side="C"):
        author = 0 if self.count == 0 else self.debut.get(self.count)
        if author is None:
            author = self.random.choices(self.authors, self.weights)[0]
        print(author, self.bytes, side, *sorted(set(parents)))
        self.count += 1
        return self.count - 1

    def grow(self, main, branches, side="C"):
        """One commit: on a branch, a new branch, a merge, or on the main line."""
        roll = self.random.random()
        if branches and roll < 0.35:
            at = self.random.randrange(len(branches))
            branches[at] = self.commit([branches[at]], side)
        elif roll < 0.45:
            branches.append(self.commit([main], side))
        elif branches and roll < 0.6:
            main = self.commit([main, branches.pop(self.random.randrange(len(branches)))], side)
        else:
            main = self.commit([main], side)
        return main


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--authors", type=int, default=2632)
    parser.add_argument("--commits", type=int, default=20000)
    parser.add_argument("--new", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bytes", type=int, default=200)
    options = parser.parse_args()
    if not 1 <= options.authors <= options.commits:
        parser.error("at least one commit an author")
    history = History(options)
    line = history.commit([])
    branches = []
    while history.count < options.commits:
        line = history.grow(line, branches)
    for side in "AB":
        own, forked = line, list(branches)
        for _ in range(options.new // 2):
            own = history.grow(own, forked, side)


if __name__ == "__main__":
    main()
