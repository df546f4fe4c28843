"""Holds documents, one a line, against a JSON Schema, and the schema against them: every member must stand in it.
Usage: check-schema.py SCHEMA FILE..."""
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
wrong = 0


def closed(node):
    """The same schema without room for members that it does not name."""
    if isinstance(node, list):
        return [closed(x) for x in node]
    if not isinstance(node, dict):
        return node
    node = {key: closed(value) for key, value in node.items()}
    if 'properties' in node and 'additionalProperties' not in node:
        node['additionalProperties'] = False
    return node


strict = jsonschema.Draft202012Validator(closed(schema))
documents = 0
for name in sys.argv[2:]:
    for line in open(name, encoding='utf-8'):
        document = json.loads(line)
        documents += 1
        for error in list(validator.iter_errors(document)) + list(strict.iter_errors(document)):
            print('%s: %s: %s' % (name, '/'.join(map(str, error.absolute_path)), error.message[:300]))
            wrong += 1
        document.pop('schema')
        if validator.is_valid(document):
            print('%s: a document without its schema is taken' % name)
            wrong += 1
if not documents:
    print('no document')
sys.exit(wrong > 0 or not documents)
