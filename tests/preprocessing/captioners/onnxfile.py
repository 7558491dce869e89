"""The smallest true WD14 tagger, written as an ONNX file byte by byte (protocol buffers).

It scores a tag by sigmoid(mean colour x weights + bias); the weights say which colour means what.
"""

import struct


def tagger(path, weights, bias, *, size=8, batch=0):
    """Write a model of (B, size, size, 3) pictures; `weights` has a row for blue, green and red."""
    num_tags = len(bias)
    nodes = [
        _node("ReduceMean", ["pixels"], ["mean"], axes=[1, 2], keepdims=0),
        _node("MatMul", ["mean", "weights"], ["product"]),
        _node("Add", ["product", "bias"], ["sum"]),
        _node("Sigmoid", ["sum"], ["scores"]),
    ]
    tensors = [
        _tensor("weights", (3, num_tags), [value for row in weights for value in row]),
        _tensor("bias", (num_tags,), bias),
    ]
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, b"tagger")
    graph += b"".join(_field(5, tensor) for tensor in tensors)
    graph += _field(11, _value("pixels", (batch, size, size, 3)))
    graph += _field(12, _value("scores", (batch, num_tags)))
    opset = _field(8, _number(2, 13))
    path.write_bytes(_number(1, 8) + opset + _field(7, graph))


def _node(kind, inputs, outputs, **attributes):
    parts = [_field(1, name.encode()) for name in inputs]
    parts += [_field(2, name.encode()) for name in outputs]
    parts.append(_field(4, kind.encode()))
    parts += [_field(5, _attribute(name, value)) for name, value in attributes.items()]
    return b"".join(parts)


def _attribute(name, value):
    if isinstance(value, int):
        return _field(1, name.encode()) + _number(3, value) + _number(20, 2)
    numbers = b"".join(_number(8, one) for one in value)
    return _field(1, name.encode()) + numbers + _number(20, 7)


def _tensor(name, shape, values):
    dims = b"".join(_number(1, length) for length in shape)
    raw = struct.pack(f"<{len(values)}f", *values)
    return dims + _number(2, 1) + _field(8, name.encode()) + _field(9, raw)


def _value(name, shape):
    dims = b"".join(
        _field(1, _number(1, length) if length else _field(2, b"B")) for length in shape
    )
    kind = _field(1, _number(1, 1) + _field(2, dims))
    return _field(1, name.encode()) + _field(2, kind)


def _field(place, data):
    return _varint(place << 3 | 2) + _varint(len(data)) + data


def _number(place, value):
    return _varint(place << 3) + _varint(value)


def _varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
