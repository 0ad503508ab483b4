"""Reports: a parameterised notebook becomes a published report: HTML, PDF, workbook, figures, manifest."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "notebooks": ["adopt", "known"],
        "publishing": ["Published"],
        "run": ["publish"],
        "scratch": ["scratch_copy"],
    },
)
