"""How databases would do, or have done, what our adapters ask of them."""
