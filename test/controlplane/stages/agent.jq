# What happens next to the pod of an agent. Every stage asks this one program,
# so that no two of them can ever claim the same pod.
def table: @table@;

# The name that chooses the behaviour: the service's where it can be learnt, else
# that of the pod, which begins with the name of the run.
def service:
  .metadata.labels["orchestrator.platform/service"]
  // .metadata.annotations["orchestrator.platform/service"]
  // ([.spec.volumes[]?.persistentVolumeClaim.claimName // empty
       | select(startswith("workspace-")) | ltrimstr("workspace-")] | .[0])
  // .metadata.name;

def attempt: .metadata.labels["orchestrator.platform/attempt"] | tonumber? // 1;

# The longest name of the table that the service's name is, or begins with. A
# name that begins with sim- and is none of these is a typing error.
def behaviour:
  (service + "-") as $name
  | [table | keys[] | select(. as $key | $name | startswith($key + "-"))]
  | max_by(length) // if $name | startswith("sim-") then "sim-*" else "*" end;

def plan:
  attempt as $n
  | table[behaviour]
  | [.[] | select(.until == null or .until >= $n)]
  | .[0] // {runs: 0, exitCode: 0};

def runs: if behaviour == "sim-*" then 0 else ((service + "-") | capture("^sim-.*-(?<n>[0-9]+)s-").n | tonumber)? // plan.runs // 0 end;

def limit: .spec.activeDeadlineSeconds // 1e9;

def next:
  if .metadata.labels["orchestrator.platform/attempt"] == null then "none"
  elif .metadata.deletionTimestamp != null then "delete"
  elif .status.phase == "Pending" and .status.startTime == null then
    if plan.waiting == null then "start" else "wait" end
  elif .status.phase == "Pending" and limit < 1e9 then "deadline"
  elif .status.phase == "Running" then
    if limit < runs then "deadline" else "end" end
  else "none" end;

def after($seconds): .status.startTime | fromdateiso8601 + $seconds | todateiso8601;

# Short lives are counted from when they are seen, because a pod tells its start
# in whole seconds only; long ones from the start, because whoever changes the
# pod meanwhile would begin them anew.
def delay:
  next as $next
  | if $next == "end" then if runs < 5 then "\(runs)s" else after(runs) end
    elif $next == "deadline" then after(limit + (plan.stops // 0))
    elif $next == "delete" then "\(plan.stops // 0)s"
    else "0s" end;
