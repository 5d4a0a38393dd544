"""A first sync of the benchmark's source with dlt: the default (Python objects), or its fast path (Arrow tables)."""

import json
import sys
import time
import urllib.request

import dlt

url, database, kind, name = sys.argv[1:5]


def pages():
    after = "0"
    while after is not None:
        with urllib.request.urlopen(f"{url}/contacts?after={after}&size=1000") as answer:
            body = json.load(answer)
        yield body["data"]
        after = body["next"]


def objects():
    yield from pages()


def tables():
    import pyarrow

    for page in pages():
        for record in page:
            record["address"] = json.dumps(record["address"])
            record["tags"] = json.dumps(record["tags"])
        yield pyarrow.Table.from_pylist(page)


pipeline = dlt.pipeline(
    name,
    destination=dlt.destinations.postgres(database),
    dataset_name=name,
    pipelines_dir=sys.argv[5],
)
resource = dlt.resource(tables if kind == "arrow" else objects, name="contacts", write_disposition="append")
started = time.monotonic()
pipeline.run(resource())
print(json.dumps({"seconds": time.monotonic() - started}))
