{{- /*
The data of cilium-config. The values are those that Cilium 1.20.2's own chart renders, unless a comment says otherwise;
that chart overrules defaults of the binaries, so a key that looks like a default is not one to leave out.
*/ -}}
{{- define "cilium.chosen" -}}
# Pod addresses come from the node's spec.podCIDR, so that all of the cluster agrees on them. Upstream's default is a pool
# of Cilium's own, 10.0.0.0/8.
ipam: kubernetes
enable-ipv4: "true"
enable-ipv6: "false"
k8s-require-ipv4-pod-cidr: "true"
k8s-require-ipv6-pod-cidr: "false"
ipam-cilium-node-update-rate: 15s

# Packets between nodes travel in VXLAN, 8472/udp: it asks nothing of the network between the nodes.
routing-mode: tunnel
tunnel-protocol: vxlan
tunnel-source-port-range: 0-0
auto-direct-node-routes: "false"
direct-routing-skip-unreachable: "false"
enable-ipv4-masquerade: "true"
# Not set upstream, where only the node's own range is exempt from masquerading.
ipv4-native-routing-cidr: {{ .Values.podCIDR | quote }}
enable-ipv6-masquerade: "true"
enable-masquerade-to-route-source: "false"
enable-ipv4-big-tcp: "false"
enable-ipv6-big-tcp: "false"
install-no-conntrack-iptables-rules: "false"
iptables-random-fully: "false"
packetization-layer-pmtud-mode: blackhole
enable-vtep: "false"
vtep-endpoint: ""
vtep-cidr: ""
vtep-mask: ""
vtep-mac: ""

# Services.
{{- if .Values.kubeProxyReplacement }}
kube-proxy-replacement: "true"
# Off upstream. Load balancers that ask a node for kube-proxy's health keep their answer when Cilium takes its place.
kube-proxy-replacement-healthz-bind-address: 0.0.0.0:10256
dnsproxy-enable-transparent-mode: "true"
{{- else }}
kube-proxy-replacement: "false"
# Without this, no host port works: only the full replacement of kube-proxy realises them in eBPF. A chained plugin needs
# the route through the host's network stack, and rules out the transparent DNS proxy.
cni-chaining-mode: portmap
enable-host-legacy-routing: "true"
{{- end }}
enable-no-service-endpoints-routable: "true"
service-no-backend-response: reject
nodeport-addresses: ""
node-port-bind-protection: "true"
enable-auto-protect-node-port-range: "true"
enable-health-check-nodeport: "true"
enable-health-check-loadbalancer-ip: "false"
enable-dynamic-source-lookup-nodeport: "false"
enable-service-topology: "false"
enable-l2-neigh-discovery: "false"
bpf-lb-sock: "false"
bpf-lb-acceleration: disabled
bpf-lb-external-clusterip: "false"
bpf-lb-source-range-all-types: "false"
bpf-lb-algorithm-annotation: "false"
bpf-lb-mode-annotation: "false"
enable-lb-ipam: "true"
default-lb-service-ipam: lbipam

# The CNI configuration, which the agent writes once it is able to serve; that is what makes the node Ready. Files of other
# CNIs in the folder are renamed.
write-cni-conf-when-ready: /host/etc/cni/net.d/05-cilium.conflist
cni-exclusive: "true"
cni-log-file: /var/run/cilium/cilium-cni.log
custom-cni-conf: "false"

# Network policy and identities.
enable-policy: default
enable-k8s-networkpolicy: "true"
enable-non-default-deny-policies: "true"
enable-endpoint-lockdown-on-policy-overflow: "false"
policy-cidr-match-mode: ""
policy-deny-response: none
policy-default-local-cluster: "true"
enable-source-ip-verification: "true"
enable-host-firewall: "false"
identity-allocation-mode: crd
identity-management-mode: agent
enable-well-known-identities: "false"
enable-node-selector-labels: "false"

# Envoy is part of the agent's image and starts with the first policy that looks into HTTP. Upstream
# defaults to a second DaemonSet instead, which costs every node a proxy that most clusters never send a byte through; both
# are supported (Cilium 1.20, "Envoy: deployment as DaemonSet"), and upstream tests this one with portmap chaining too.
# What is given up: connections through Envoy break when the agent restarts.
enable-l7-proxy: "true"
external-envoy-proxy: "false"
proxy-prometheus-port: "9964"
enable-xt-socket-fallback: "true"
envoy-xds-mode: ads
envoy-base-id: "0"
envoy-access-log-enabled: "true"
envoy-access-log-buffer-size: "4096"
envoy-keep-cap-netbindservice: "false"
envoy-node-locality-enabled: "false"
http-retry-count: "3"
http-stream-idle-timeout: "300"
proxy-cluster-max-connections: "1024"
proxy-cluster-max-pending-requests: "1024"
proxy-cluster-max-requests: "1024"
proxy-connect-timeout: "2"
proxy-idle-timeout-seconds: "60"
proxy-initial-fetch-timeout: "30"
proxy-max-active-downstream-connections: "50000"
proxy-max-concurrent-retries: "128"
proxy-max-connection-duration-seconds: "0"
proxy-max-requests-per-connection: "0"
proxy-use-original-source-address: "true"
proxy-xff-num-trusted-hops-egress: "0"
proxy-xff-num-trusted-hops-ingress: "0"

# The DNS proxy of policies by name.
dnsproxy-socket-linger-timeout: "10"
tofqdns-dns-reject-response-code: refused
tofqdns-enable-dns-compression: "true"
tofqdns-endpoint-max-ip-per-hostname: "1000"
tofqdns-idle-connection-grace-period: 0s
tofqdns-max-deferred-connection-deletes: "10000"
tofqdns-preallocate-identities: "true"
tofqdns-proxy-response-max-delay: 100ms

# Off: Hubble's listener needs certificates, which are an input of a cluster and not something to render.
enable-hubble: "false"

# Off: each of these is a choice of its own.
clustermesh-cache-ttl: 0s
clustermesh-default-global-namespace: "true"
clustermesh-enable-endpoint-sync: "false"
clustermesh-enable-mcs-api: "false"
clustermesh-mcs-api-install-crds: "true"
max-connected-clusters: "255"
enable-datapath-plugins: "false"
datapath-plugins-state-dir: /var/run/cilium/plugins
egress-gateway-reconciliation-trigger-interval: 1s
enable-sctp: "false"
mesh-auth-enabled: "false"
mesh-auth-gc-interval: 5m0s
mesh-auth-queue-size: "1024"
mesh-auth-rotated-identities-queue-size: "1024"

# eBPF in the kernel. The tables for connections are sized by the node's memory and allocated as they fill.
datapath-mode: veth
devices: ""
enable-tcx: "true"
enable-bpf-clock-probe: "false"
bpf-root: /sys/fs/bpf
cgroup-root: /run/cilium/cgroupv2
procfs: /host/proc
preallocate-bpf-maps: "false"
bpf-map-dynamic-size-ratio: "0.0025"
bpf-distributed-lru: "false"
bpf-lb-map-max: "65536"
bpf-policy-map-max: "16384"
bpf-policy-stats-map-max: "65536"
nat-map-stats-entries: "32"
nat-map-stats-interval: 30s
bpf-events-drop-enabled: "true"
bpf-events-policy-verdict-enabled: "true"
bpf-events-trace-enabled: "true"
monitor-aggregation: medium
monitor-aggregation-flags: all
monitor-aggregation-interval: 5s

# Health of the agents, seen by each other; metrics.
enable-health-checking: "true"
enable-endpoint-health-checking: "true"
health-check-icmp-failure-threshold: "3"
enable-metrics: "true"
metrics-sampling-interval: 5m
debug: "false"
debug-verbose: ""
enable-dynamic-config: "true"
enable-drift-checker: "true"

# The operator: it clears the taint and the condition of a node whose agent is ready, restarts pods that were there before
# Cilium was, and removes what nodes and pods leave behind.
operator-api-serve-addr: 127.0.0.1:9234
operator-prometheus-serve-addr: :9963
agent-not-ready-taint-key: node.cilium.io/agent-not-ready
set-cilium-node-taints: "true"
remove-cilium-node-taints: "true"
set-cilium-is-up-condition: "true"
synchronize-k8s-nodes: "true"
unmanaged-pod-watcher-interval: 15s
cilium-endpoint-gc-interval: 5m0s
identity-gc-interval: 15m0s
identity-heartbeat-timeout: 30m0s
nodes-gc-interval: 5m0s
cluster-name: default
cluster-id: "0"
{{- end -}}

{{- define "cilium.config" -}}
{{- mergeOverwrite (include "cilium.chosen" . | fromYaml) .Values.extraConfig | toYaml -}}
{{- end -}}

{{- /* Where the container finds the API server and learns where it runs. */ -}}
{{- define "cilium.env" -}}
- name: K8S_NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: CILIUM_K8S_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- with .Values.k8sServiceHost }}
- name: KUBERNETES_SERVICE_HOST
  value: {{ . | quote }}
- name: KUBERNETES_SERVICE_PORT
  value: {{ $.Values.k8sServicePort | quote }}
{{- end }}
{{- end -}}

{{- /* SELinux's domain for containers that manage the node; without it the capabilities below are of no use there. */ -}}
{{- define "cilium.seLinuxOptions" -}}
seLinuxOptions:
  level: s0
  type: spc_t
{{- end -}}
