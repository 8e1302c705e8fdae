"""The key that cases with the same guilty piece have in common: what mends one mends them all."""

from codes.diagnosis.piece import Guilty


def group_key(guilty: Guilty) -> str:
    """The same late delivery, rule pair, risk-area entry or source batch; empty for what is one person's own."""
    match guilty["cause"]:
        case "freshness":
            return f"late|{guilty['late']}|{guilty['horizons'][guilty['late']]}|{guilty['source']}"
        case "rules":
            return _of_rules(guilty)
        case "source":
            return _of_batch(guilty)
        case _:
            return ""


def _of_rules(guilty: Guilty) -> str:
    if guilty["cause"] != "rules":
        return ""
    if guilty["rules"]:
        one = guilty["rules"][0]
        sides = [
            f"{side['rule_set']}-{side['version']}:{side['code']}" if side else "-" for side in (one["a"], one["b"])
        ]
        return f"rules|{sides[0]}|{sides[1]}|{','.join(one['differs'])}"
    if guilty["risk_areas"]:
        entry = guilty["risk_areas"][0]
        return f"risk|{entry['rule_set']}-{entry['version']}|{entry['area']}|{entry['level']}|{entry['from_day']}"
    return ""


def _of_batch(guilty: Guilty) -> str:
    if guilty["cause"] != "source" or not guilty["only"]:
        return ""
    record = guilty["only"][0]["record"]
    return f"batch|{record['origin_code']}|{record['batch'] or 0}|{record['kind']}"
