"""Tiny files of somebody's own: images, clips and arrays, and folders of them."""

import struct
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import wavfile


def write_image(
    path: Path, seed: int = 0, size: tuple[int, int] = (6, 7), mode: str = "RGB"
) -> Path:
    """An image of noise, `size` height by width."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (*size, 3) if mode == "RGB" else size
    pixels = np.random.default_rng(seed).integers(256, size=shape, dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def write_clip(path: Path, seed: int = 0, rate: int = 16_000, seconds: float = 0.1) -> Path:
    """A stereo clip of noise, 16 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).normal(scale=3000, size=(int(rate * seconds), 2))
    wavfile.write(path, rate, noise.astype(np.int16))
    return path


def write_array(path: Path, seed: int = 0, shape: tuple[int, ...] = (9, 6)) -> Path:
    """An array of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.random.default_rng(seed).normal(size=shape).astype(np.float32))
    return path


def class_folders(root: Path, classes: tuple[str, ...] = ("cat", "dog"), count: int = 5) -> Path:
    """Colour JPEGs of odd sizes in `sight`, 16 kHz stereo clips in `sound`."""
    for k, label in enumerate(classes):
        for i in range(count):
            seed = 100 * k + i
            write_image(root / "sight" / label / f"{i}.jpg", seed, (33 + i, 41 + k))
            write_clip(root / "sound" / label / f"{i}.wav", seed, seconds=0.1 + 0.01 * i)
    return root


def table_folder(root: Path, subjects: int = 6) -> Path:
    """`metadata.csv` of two modalities, subjects and given splits; subjects 0, 1 are the test."""
    lines = ["sight_file_name,move_file_name,label,subject,split"]
    for subject in range(subjects):
        for k, label in enumerate(("up", "down")):
            seed = 10 * subject + k
            sight, move = f"pictures/{seed}.png", f"moves/{seed}.npy"
            write_image(root / sight, seed)
            write_array(root / move, seed, (9 + subject, 6))
            split = "test" if subject < 2 else "validation" if subject < 3 else "train"
            lines.append(f"{sight},{move},{label},s{subject},{split}")
    (root / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def stem_folders(root: Path, count: int = 5) -> Path:
    """Grey PNGs and clips of the same stems."""
    for k, label in enumerate(("1", "10", "2")):
        for i in range(count):
            seed = 100 * k + i
            write_image(root / "sight" / label / f"take-{i}.png", seed, (8, 8), "L")
            write_clip(root / "sound" / label / f"take-{i}.wav", seed, rate=8_000)
    return root


def stacked(path: Path, count: int = 24) -> Path:
    """Three arrays of one archive, with labels and groups."""
    generator = np.random.default_rng(0)
    np.savez(
        path,
        map=generator.normal(size=(count, 2, 5, 4)).astype(np.float32),
        move=generator.normal(size=(count, 9, 6)),
        touch=generator.integers(100, size=(count, 7)),
        labels=np.arange(count) % 4,
        groups=np.array([f"p{i // 4}" for i in range(count)]),
    )
    return path


def wav_bytes(
    samples: bytes, *, code: int = 1, bits: int = 16, channels: int = 1, rate: int = 8_000
) -> bytes:
    """A WAV file around these samples."""
    block = channels * bits // 8
    header = struct.pack("<HHIIHH", code, channels, rate, rate * block, block, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + header
    chunks += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    """Size and time of everything below a folder: equal before and after, nothing was written."""
    return {
        str(path.relative_to(root)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in [root, *sorted(root.rglob("*"))]
    }
