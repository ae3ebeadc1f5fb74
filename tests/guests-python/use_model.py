from lines import line
from posthouse_sdk import HostError, model


def use_model():
    try:
        said = model.complete("Answer kindly.", ["one", "two"], max_output_tokens=100)
        return [line("model", [said.text, said.model])]
    except HostError as error:
        return [line("model-error", error.kind)]
