/** What the help of `tandem simulate` says after its options. */
export const SIMULATE_HELP = `
Pods are placed as kube-scheduler 1.36 would place them, and controllers are as slow as those of 1.36 with their defaults:
docs/assess.md has what is modelled and how that is verified.

Exit codes: 0 simulated; 1 what --fail-on names can happen; 2 called wrongly; 5 no Node among the objects.

Examples:
  tandem simulate ./cluster --lose zone=eu-1a
  tandem simulate ./cluster --lose zone=eu-1a --as out-of-service --until 30m --add-nodes pool-b=3@4m
  tandem simulate ./cluster --lose node=a1 --as drained --fail-on interrupted
  tandem simulate ./cluster --lose zone=eu-1a --explain shop/web-7d4b9-x2x9p
  tandem simulate --context west --each node --pairs
  tandem snapshot --context west -o snap.json.zst && tandem simulate snap.json.zst --lose node=a1
  tandem simulate ./cluster --lose zone=eu-1a --compare before.json --fail-on worse
  kubectl get ns,no,po,pv,pvc,sc,csinodes,csidrivers,volumeattachments,pdb,deploy,rs,rc,sts,job,hpa,quota,svc -A -o json | tandem simulate - --lose zone=eu-1a`;
