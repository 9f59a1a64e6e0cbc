"""Texts from outside that would format, link, mention, compute or command where they are shown."""

from __future__ import annotations

HOSTILE = (
    "@everyone", "<script>alert(1)</script>", "a | b | c", "`` ` ```", "<!-- ", "-->", "]]>",
    "![x](http://e.vil)", "#123", "!45", "~label", "[link](javascript:alert(1))", "line\nbreak",
    "\r\n::error::x", "::error file=a::x", "##[error]x", "</details>", "</td></tr></table>",
    "</style><style>*{display:none}", "\x1b[31mred\x1b]0;title\x07", "\x9b31m", "‮gnp.exe⁦",
    " ", "\\|", "*bold* _it_ ~no~", "=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "\t=1", "\r=1", "-1+1",
    "＝1", '" onmouseover="alert(1)', "' onfocus='alert(1)", "&lt;b&gt;", "{{ 7 * 7 }}", "{0}",
    "/close", "javascript:alert(1)", "https://e.vil", "a,b\"c", "%0A::error::x",
)  # fmt: skip
