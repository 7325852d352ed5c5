# What happens next to a pod that is no agent's.
def plain:
  if .metadata.labels["orchestrator.platform/attempt"] != null then "none"
  elif .metadata.deletionTimestamp != null then "delete"
  elif .status.phase == "Pending" and .status.startTime == null then "start"
  elif .status.phase == "Running" and any(.metadata.ownerReferences[]?; .kind == "Job") then "end"
  else "none" end;
