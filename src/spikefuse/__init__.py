"""spikefuse: does a second modality help a spiking network, how much, and is it real?"""

__version__ = "0.1.0"
