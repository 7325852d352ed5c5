# clusters: hub eu-1
# shellcheck shell=bash
hub
operator
member eu-1
command runfleet create docs shop --repository https://github.com/example/shop --github-user example-bot
kubectl wait docsrun/shop --for=jsonpath='{.status.attempt}'=1 --timeout=1m
