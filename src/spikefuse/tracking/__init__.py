"""What happens to trials, told to other programs: JSON lines, TensorBoard, MLflow; files alone."""
