"""From what differs to what is confirmed: delta, plan, outbox, results, ledger."""
