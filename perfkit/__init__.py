"""perfkit: commercial performance, from what a company can export to an audit that a board acts on."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["charts", "improve", "kpis", "languages", "margins", "periods", "reports", "schema", "sources"],
    submod_attrs={"company": ["Company", "load", "open_company"]},
)
__version__ = "0.1.0"
