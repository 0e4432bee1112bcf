"""The modalities of the paper's pair, as networks see them."""

MODALITIES: dict[str, tuple[str, ...]] = {
    "image": ("image",),
    "audio": ("audio",),
    "fused": ("image", "audio"),
}
"""Which inputs a network of each modality sees, in order."""
