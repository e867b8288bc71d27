"""Identifiers in Stripe's style, the same ones for the same seed."""

import random
import string
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ALPHABET: Final = string.ascii_letters + string.digits

#: kind → (what the id starts with, how many random characters follow)
STYLES: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {
        "account": ("acct_1", 15),
        "balance_transaction": ("txn_3", 23),
        "bank_account": ("ba_1", 23),
        "billing_portal.configuration": ("bpc_1", 23),
        "billing_portal.session": ("bps_1", 23),
        "charge": ("ch_3", 23),
        "checkout.session": ("cs_test_a1", 56),
        "credit_note": ("cn_1", 23),
        "credit_note_line_item": ("cnli_1", 23),
        "customer": ("cus_", 14),
        "customer_balance_transaction": ("cbtxn_1", 23),
        "dispute": ("du_1", 23),
        "event": ("evt_1", 23),
        "file": ("file_1", 23),
        "fingerprint": ("", 16),
        "invoice": ("in_1", 23),
        "invoice_payment": ("inpay_1", 23),
        "invoiceitem": ("ii_1", 23),
        "item": ("li_1", 23),
        "line_item": ("il_1", 23),
        "payment_intent": ("pi_3", 23),
        "payment_link": ("plink_1", 23),
        "payment_method": ("pm_1", 23),
        "payout": ("po_1", 23),
        "price": ("price_1", 23),
        "product": ("prod_", 14),
        "radar.early_fraud_warning": ("issfr_1", 23),
        "refund": ("re_3", 23),
        "request": ("req_", 14),
        "secret": ("", 24),
        "signing_secret": ("whsec_", 32),
        "subscription": ("sub_1", 23),
        "subscription_item": ("si_", 14),
        "v2.core.event": ("evt_test_65", 30),
        "webhook_endpoint": ("we_1", 23),
    }
)


class Ids:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def new(self, kind: str) -> str:
        start, length = STYLES[kind]
        return start + "".join(self._random.choices(ALPHABET, k=length))
