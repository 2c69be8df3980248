"""Products by the faster library are those of torch's own, and only theirs are taken over."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import linear
from torch.profiler import ProfilerActivity, profile

from quimbot.runtimes.products import FasterProducts, product

sizes = st.integers(1, 40)


def libraries(model: nn.Linear, inputs: torch.Tensor) -> set[str]:
    """Names of the operations that computed a layer inside `FasterProducts`."""
    with (
        torch.inference_mode(),
        profile(activities=[ProfilerActivity.CPU]) as seen,
        FasterProducts(),
    ):
        model(inputs)
    return {event.key for event in seen.key_averages()}


@given(sizes, sizes, sizes, st.booleans(), st.integers(0, 9))
def test_a_product_is_exact(rows: int, inner: int, outer: int, transposed: bool, seed: int) -> None:
    torch.manual_seed(seed)
    inputs, weight = torch.randn(1, rows, inner), torch.randn(outer, inner)
    if transposed:
        weight = weight.T.contiguous().T
    exact = linear(inputs.double(), weight.double())
    assert torch.allclose(product(inputs, weight).double(), exact, atol=1e-5)


def test_other_kinds_of_number_stay_with_torch() -> None:
    inputs, weight = torch.randn(3, 5).bfloat16(), torch.randn(7, 5).bfloat16()
    assert torch.equal(product(inputs, weight), linear(inputs, weight))


@pytest.mark.parametrize("bias", [False, True])
def test_layers_without_a_bias_are_taken_over(bias: bool) -> None:
    layer, inputs = nn.Linear(8, 6, bias=bias), torch.randn(4, 8)
    assert ("mkldnn::_linear_pointwise" in libraries(layer, inputs)) is not bias
    with torch.inference_mode(), FasterProducts():
        inside = layer(inputs)
    assert torch.allclose(inside, layer(inputs), atol=1e-6)
