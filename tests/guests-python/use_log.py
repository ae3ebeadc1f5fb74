from posthouse_sdk import log


def use_log():
    log.debug("d")
    log.info("i", 1)
    log.warn("w")
    log.error("e")
    return []
