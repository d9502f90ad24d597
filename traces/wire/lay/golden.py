"""W1 to W12: one of each, the frames of two servers A and B and a client."""

from .layouts import (ATM_A, ATM_B, ATM_C, B, A, CLIENT, GROUP, NOTHING, ONE, ca, csa, csas, hello, mars, member, part,
                      query, redirect, scsp, signed, tail, target, update)

REDIRECT_ENTRY = csa("00000001", 60, part(1, 0, 0, ATM_A))
REGISTER = csa("00000002", 64, part(3, 0x2000, 0x0101, ATM_C, CLIENT))
JOINED = csa("00000003", 72, part(3, 0x8000, 0x0101, ATM_C, CLIENT, GROUP))

VALID = [
    ("W1", "First Hello, nothing heard", "scsp", ["R2334-B.2.5-01", "R2334-B.2.5-09", "R2443-4.1-01", "R2443-4.1-02"],
     hello(32, receiver="")),
    ("W2", "Hello, one neighbour heard", "scsp",
     ["R2334-B.2.5-10", "R2334-B.1-06", "R2443-4.1-03", "R2334-2.1-07", "R2334-B.2.0.1-01"], hello(36)),
    ("W3", "First CA: M, I and O", "scsp", ["R2334-2.2-04", "R2334-B.2.1-01", "R2334-B.2.1-07"],
     ca(32, 0x11223344, flags=0xE000)),
    ("W4", "CSU Request with a Redirect Entry", "scsp", ["R2443-5.1-01", "R2443-5.1-02", "R2443-5.1-03", "R2334-B.2.2-01"],
     update(88, REDIRECT_ENTRY)),
    ("W5", "CSU Request: register and join of 224.1.2.3", "scsp",
     ["R2443-3-01", "R2443-5.3-03", "R2443-5.3-06", "R2443-5.3-07", "R2443-4.2-01", "R2443-4.2-02", "R2334-B.2.0.2-06"],
     update(164, REGISTER, JOINED)),
    ("W6", "CSU Reply to W5", "scsp", ["R2334-B.2.3-01", "R2334-B.2.0.2-02", "R2334-B.2.0.2-05"],
     scsp(3, 68, [csas("00000002"), csas("00000003")], 2, sender=B, receiver=A)),
    ("W7", "Hello with authentication, SPI 0x1000, key 16 times 0x0b", "scsp",
     ["R2334-B.3-01", "R2334-B.3-02", "R2334-B.3.1-01", "R2334-B.3.1.1-01", "R2334-B.1-07"],
     signed(lambda auth: hello(64, ext=36, tail=tail(auth)))),
    ("W8", "JOIN that registers a client", "mars", ["R2022-5.2.3-02", "R2022-5.2.1-02", "R2022-5.2.1-12"],
     mars(4, member(NOTHING, 1, 0x2000, tpln=0))),
    ("W9", "JOIN of 224.1.2.3 from a client", "mars",
     ["R2022-5.2.1-01", "R2022-5.2.1.1-01", "R2022-4.3-01", "R2022-5.2-01", "R2022-5.2.1-06", "R2022-5.2.1-08",
      "R2022-5.2.1-11", "R2022-5.2.1-14", "R2022-5.2.1-15", "R2022-5.2.2-06"],
     mars(4, member(ONE, 1, 0x8000))),
    ("W10", "Its copy on ClusterControlVC, CSN 7", "mars", ["R2022-5.2.1-07", "R2022-5.2.1-16", "R2022-6.1.2-08"],
     mars(4, member(ONE, 1, 0xC000, msn=7))),
    ("W11", "REDIRECT_MAP, own address first, two servers, hard", "mars", ["R2022-5.4.3-02", "R2443-5.1-08"],
     mars(12, redirect(2, 0x8001, 8, [target(ATM_A), target(ATM_B)]), sha=ATM_A)),
    ("W12", "REQUEST for 224.1.2.3", "mars", ["R2022-5.1.2-01", "R2022-5.1.2-02", "R2022-5.1.2-03"], mars(1, query())),
]
