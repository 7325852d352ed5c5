# clusters: hub eu-1 eu-2
# shellcheck shell=bash
cat >values.yaml <<'END'
image: registry.example.com/runfleet:1
config: {agent: {image: {repository: registry.example.com/agent, tag: "1"}}}
END
kubectl create namespace runfleet-system
runfleet manifests -f values.yaml | kubectl apply --server-side -f -
operator
member eu-1 eu-2
command runfleet fleet cordon eu-2 # so that it can leave
for context in hub eu-1; do kubectl --context "$context" create namespace team-a; done
kubectl create namespace orchestrator
command runfleet create code auth-7 --task 7 --service auth-api --repository example/shop --model opus --github-user example-bot
command runfleet wait coderun/auth-7

cp docs/examples/coderun.yaml run.yaml
cp docs/examples/coderun.yaml old.yaml
sed 's/taskId: 7/taskId: 8/' old.yaml >new.yaml
cp docs/examples/config.yaml config.yaml
cp config.yaml old-config.yaml
sed 's/tag: .*/tag: "2"/' config.yaml >new-config.yaml
mkdir -p mine/shared && cp templates/shared/mcp.json.hbs mine/shared
cp cmd/runfleet/testdata/original/taskruns.yaml taskruns.yaml
cp cmd/runfleet/testdata/trace/spans.json .
echo ghp_typed >token
ssh-keygen -q -t ed25519 -N '' -f id_ed25519
openssl genrsa -out docs-app.pem 2048 2>/dev/null
pass() { echo "sk-of-$2"; }
