"""Benchmarks: our training step against its arithmetic and against peers, in one sitting."""
