"""The networks as ONNX graphs: their export (PyTorch and mmpose), and the stages that run them (neither of these)."""
