"""Retention classes of the data of staff, sign-in and sources (``regions.retention.classes``)."""

from django.utils.translation import gettext_lazy as _

from regions.retention.classes import DataClass, Step

ATTEMPTS = "axes_accessattempt", "axes_accessattemptexpiration", "axes_accesslog", "axes_accessfailurelog"

DATA_CLASSES = (
    DataClass(
        "sign_in_attempts",
        title=_("Attempts to sign in as staff"),
        personal=_("user name, network address, browser"),
        stays=_("nothing"),
        tables=ATTEMPTS,
        days=30,
        steps=(
            Step("axes_accessattemptexpiration", age="t.expires_at", key="access_attempt_id"),
            Step(
                "axes_accessattempt",
                age="t.attempt_time",
                free="NOT EXISTS (SELECT FROM axes_accessattemptexpiration e WHERE e.access_attempt_id = t.id)",
            ),
            Step("axes_accesslog", age="t.attempt_time"),
            Step("axes_accessfailurelog", age="t.attempt_time"),
        ),
    ),
    DataClass(
        "sessions",
        title=_("Sessions"),
        personal=_("who is signed in"),
        stays=_("nothing"),
        tables=("django_session", "staff_cacheentry"),
        days=0,
        steps=(
            Step("django_session", age="t.expire_date", key="session_key"),
            Step("staff_cacheentry", age="t.until"),
        ),
    ),
    DataClass(
        "enrolment_links",
        title=_("Links to enrol"),
        personal=_("to which account one was sent, and when"),
        stays=_("the change of staff and its journal entries"),
        tables=("staff_enrolmentlink",),
        days=365,
        steps=(Step("staff_enrolmentlink", age="t.expires_at"),),
    ),
    DataClass(
        "staff",
        title=_("Accounts of staff"),
        personal=_("name, office, e-mail address, password and one-time codes"),
        stays=_("everything: who decided must stay known as long as the decisions"),
        tables=(
            "staff_account", "staff_rolegrant", "staff_staffchange", "mfa_authenticator", "account_emailaddress",
            "account_emailconfirmation", "socialaccount_socialaccount", "socialaccount_socialtoken",
        ),
    ),
    DataClass(
        "journal",
        title=_("The journal"),
        personal=_("who did what about which case or reference; no name, number or phone of a citizen"),
        stays=_("everything: it could not be verified with a gap"),
        tables=("journal_journalentry", "journal_checkpoint"),
    ),
    DataClass(
        "quarantine",
        title=_("Records in quarantine"),
        personal=_("the whole record as it came, encrypted"),
        stays=_("how many a delivery had"),
        tables=("sources_quarantined",),
        days=90,
        steps=(
            Step(
                "sources_quarantined",
                age="(SELECT b.started_at FROM sources_batch b WHERE b.id = t.batch_id)",
                free="NOT EXISTS (SELECT FROM sources_batch b WHERE b.id = t.batch_id AND b.state IN ('staging', 'held'))",
            ),
        ),
    ),
    DataClass(
        "staged",
        title=_("Deliveries of sources put aside"),
        personal=_("ID number (encrypted), name and record of everybody in it"),
        stays=_("the delivery with its counts"),
        tables=("sources_stagedrecord", "sources_batchfinding"),
        days=30,
        steps=(
            Step(
                "sources_stagedrecord",
                age="(SELECT b.closed_at FROM sources_batch b WHERE b.id = t.batch_id)",
                free="NOT EXISTS (SELECT FROM sources_batch b WHERE b.id = t.batch_id AND b.state IN ('staging', 'held'))",
            ),
            # The next comparison starts from the last comparison's findings.
            Step(
                "sources_batchfinding",
                age="(SELECT b.closed_at FROM sources_batch b WHERE b.id = t.batch_id)",
                free="EXISTS (SELECT FROM sources_batch b JOIN sources_batch later ON later.source_id = b.source_id AND later.id > b.id"
                " AND later.full AND later.state = 'accepted' AND later.closed_at < {{bound}} WHERE b.id = t.batch_id)",
            ),
        ),
    ),
)  # fmt: skip

NOTHING_PERSONAL = {
    "regions_city": "settings of a city",
    "regions_domain": "host names",
    "regions_citystanding": "counts",
    "regions_cityopening": "a city file, encrypted, and gone when the opening has ended; names of operators",
    "regions_citysunset": "counts, and the two operators",
    "regions_risklist": "divisions and levels, and the operator who sent them",
    "regions_risklistdelivery": "how far a risk list has come in a city",
    "regions_citysuspension": "why a city was suspended, and the operators",
    "django_content_type": "names of models",
    "django_migrations": "names of migrations",
    "auth_permission": "names of permissions; not used",
    "auth_group": "empty: roles are staff_rolegrant",
    "auth_group_permissions": "empty: roles are staff_rolegrant",
    "socialaccount_socialapp": "empty: single sign-on is set in the environment",
    "keys_citykey": "keys, each wrapped",
    "sources_source": "settings; the credential is encrypted",
    "sources_sourcechange": "settings of a source, and who changed them",
    "sources_batch": "counts and instants of a delivery",
    "sources_rangehashes": "digests over ranges of records",
    "retention_retentionsweep": "counts of sweeps",
}
