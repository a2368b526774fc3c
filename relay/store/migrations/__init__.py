"""Schema versions of the relay's database; `relay.store.engine.migrate` applies them."""
