"""The face for Python: data, networks, training and answers without axes to think of."""
