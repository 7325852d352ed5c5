# clusters: hub
# shellcheck shell=bash
cat >values.yaml <<'END'
image: registry.example.com/runfleet:1
config: {agent: {image: {repository: registry.example.com/agent, tag: "1"}}}
END
