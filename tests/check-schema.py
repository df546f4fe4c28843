"""Holds documents, one a line, against a JSON Schema, and the schema against them: every member must stand in it, and be
wanted by it unless its path matches what is optional.
Usage: check-schema.py [--optional PATTERN]... SCHEMA FILE..."""
import argparse
import fnmatch
import json
import sys

import jsonschema

arguments = argparse.ArgumentParser()
arguments.add_argument('--optional', action='append', default=[])
arguments.add_argument('schema')
arguments.add_argument('files', nargs='*')
arguments = arguments.parse_args()
schema = json.load(open(arguments.schema))
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
tried = set()


def members(node, path=()):
    """Every object and member of a document, each place once, whichever item of a list it is in."""
    if isinstance(node, list):
        for item in node:
            yield from members(item, path)
    elif isinstance(node, dict):
        for name in list(node):
            if path + (name,) not in tried:
                tried.add(path + (name,))
                yield node, name, path
            yield from members(node[name], path + (name,))


for name in arguments.files:
    for line in open(name, encoding='utf-8'):
        document = json.loads(line)
        documents += 1
        for error in list(validator.iter_errors(document)) + list(strict.iter_errors(document)):
            print('%s: %s: %s' % (name, '/'.join(map(str, error.absolute_path)), error.message[:300]))
            wrong += 1
        for node, member, path in list(members(document)):
            value, place = node.pop(member), '/'.join(path + (member,))
            if validator.is_valid(document) and not any(fnmatch.fnmatchcase(place, o) for o in arguments.optional):
                print('%s: %s: a document without it is taken' % (name, place))
                wrong += 1
            node[member] = value
if not documents:
    print('no document')
sys.exit(wrong > 0 or not documents)
