"""Trained networks for other programs: plain PyTorch, and NIR graphs for other frameworks."""
