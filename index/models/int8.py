"""The embedder's network with its matrix products in 8 bits, for the many passages of a build.

Weights are rounded by output. What flows in is rounded within ranges that were measured over the
sample archive, moved and scaled by channel first, so that loud channels do not drown the others
(SmoothQuant, Xiao et al. 2023). Only what enters the second layer of a feed-forward part has
outliers that no range fits: it is rounded as it runs, by word piece.
`python -m training.int8_ranges MODEL-FOLDER ARTICLES` measures the ranges anew.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.models.checksum import intact

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openvino import Model, Node

    Floats = NDArray[np.float32]

RANGES = Path(__file__).with_name("int8_ranges.npz")
RANGES_SHA256 = "c0ee42d466d15d34e657d7737fb09addf165c23caffe23ea6fe2b1400d0ba6d9"
OPTIONS = {"DYNAMIC_QUANTIZATION_GROUP_SIZE": 1536}
"""What it is compiled with: numbers rounded as it runs share one scale in a word piece."""

_PRODUCT = re.compile(r"\.layer\.(\d+\.[a-z_.]+)/")
HAS_OUTLIERS = re.compile(r"\d+\.output\.dense")
"""Names of products that no range fits."""
_SMALLEST = 1e-5  # keeps silent channels from being divided by nought


def quantized(model: Model) -> Model:
    """Return the network in 8 bits; the one given is changed."""
    with np.load(intact(RANGES, RANGES_SHA256)) as ranges:
        for name, products in products_by_name(model).items():
            if name in ranges:
                low, high = ranges[name].astype(np.float32)
                _quantize_input(products, low, high)
            else:
                for product in products:
                    constant, _ = _quantize_weights(_weights(product))
                    product.input(1).replace_source_output(constant.output(0))
    model.validate_nodes_and_infer_types()
    return model


def products_by_name(model: Model) -> dict[str, list[Node]]:
    """The products with weights, those that share an input together, by the first one's name."""
    found: dict[tuple[str, int], list[Node]] = {}
    for node in model.get_ordered_ops():
        if node.get_type_name() == "MatMul" and _PRODUCT.search(node.get_friendly_name()):
            source = node.input_value(0)
            key = source.get_node().get_friendly_name(), source.get_index()
            found.setdefault(key, []).append(node)
    return {
        _PRODUCT.findall(products[0].get_friendly_name())[0]: products
        for products in found.values()
    }


def _weights(product: Node) -> Floats:
    weights: Floats = product.input_value(1).get_node().get_data()
    return weights


def _quantize_weights(weights: Floats) -> tuple[Node, Floats]:
    """Return weights (outputs, inputs) as a node of 8 bits, and what they are worth rounded."""
    import openvino.opset13 as op

    scales = np.maximum(np.abs(weights).max(axis=1, keepdims=True), _SMALLEST) / 127
    whole = np.round(weights / scales).astype(np.int8)
    node = op.multiply(op.convert(op.constant(whole), "f32"), op.constant(scales))
    return node, whole * scales


def _quantize_input(products: list[Node], low: Floats, high: Floats) -> None:
    """Round the input of some products, which is from `low` to `high` by channel, and weights.

    An input x enters as (x - middle) / scale + top / 2, from 0 to `top`; weights are multiplied by
    the scale, and what the shift adds is taken from the bias.
    """
    import openvino.opset13 as op

    loudest = np.abs(np.concatenate([_weights(product) for product in products])).max(axis=0)
    half, middle = np.maximum(high - low, _SMALLEST) / 2, (high + low) / 2
    scale = np.sqrt(half / np.maximum(loudest, _SMALLEST))
    top = np.float32(2 * (half / scale).max())
    slope, shift = (values[None, None] for values in (1 / scale, top / 2 - middle / scale))
    moved = op.add(op.multiply(products[0].input_value(0), op.constant(slope)), op.constant(shift))
    ends = op.constant(np.float32(0)), op.constant(top)
    whole = op.fake_quantize(moved, *ends, *ends, 256)
    for product in products:
        weights = _weights(product)
        constant, worth = _quantize_weights(weights * scale)
        product.input(0).replace_source_output(whole.output(0))
        product.input(1).replace_source_output(constant.output(0))
        _add_to_bias(product, weights @ middle - worth.sum(axis=1) * top / 2)


def _add_to_bias(product: Node, numbers: Floats) -> None:
    import openvino.opset13 as op

    (reader,) = product.output(0).get_target_inputs()
    adding = reader.get_node()
    at = 1 - reader.get_index()
    bias = adding.input_value(at).get_node().get_data()
    total = (bias.reshape(-1) + numbers).reshape(bias.shape).astype(np.float32)
    adding.input(at).replace_source_output(op.constant(total).output(0))
