"""A plan and a snapshot → offers: columnar, exact, the same for one SKU and for millions."""
