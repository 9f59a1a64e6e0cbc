"""What is live, and what was written, in SQL that SQLite and PostgreSQL read alike."""

from __future__ import annotations

# What has a listing is as the listing says; what has none is live once anything was confirmed.
_IS_LIVE = """coalesce((SELECT state FROM listings AS l
    WHERE l.account = ledger.account AND l.sku = ledger.sku), {otherwise}) = 'live'"""
LIVE = f"""SELECT sku FROM listings WHERE account = :account AND state = 'live' UNION
    SELECT sku FROM ledger WHERE account = :account AND confirmed_generation > 0
    AND {_IS_LIVE.format(otherwise="'live'")} ORDER BY sku"""
"""`Reading.live_skus`."""
_ANY_CONFIRMED = """CASE WHEN EXISTS (SELECT 1 FROM ledger AS o WHERE o.account = ledger.account
    AND o.sku = ledger.sku AND o.confirmed_generation > 0) THEN 'live' END"""
TOTALS = f"""SELECT count(*) FILTER (WHERE aspect = 'price' AND price IS NOT NULL),
    count(*) FILTER (WHERE aspect = 'stock' AND quantity <> 0) FROM ledger
    WHERE account = :account AND aspect IN ('price', 'stock')
    AND {_IS_LIVE.format(otherwise=_ANY_CONFIRMED)}"""
"""`Reading.live_totals`."""
IS_BOOKMARK = "SELECT revision FROM bookmarks WHERE token = :token"
TOUCHED = """SELECT sku FROM touched WHERE account = :account AND revision >=
    (SELECT revision FROM bookmarks WHERE token = :token) ORDER BY sku"""
"""`Reading.touched`, with what it needs to know first."""
