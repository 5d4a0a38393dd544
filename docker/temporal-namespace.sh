#!/bin/sh
# Makes the namespace unless it is there. TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE are read by the tool itself.
set -eu
attempt=0
until temporal operator cluster health; do
  attempt=$((attempt + 1))
  if [ "$attempt" -ge 30 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS is not serving after $attempt tries" >&2
    exit 1
  fi
  sleep 2
done
temporal operator namespace describe || temporal operator namespace create --retention 168h
