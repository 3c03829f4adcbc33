{{- /* The data of cilium-config: the values of Cilium 1.7.4's own chart, unless a comment says otherwise. */ -}}
{{- define "cilium.chosen" -}}
# Pod addresses come from the node's spec.podCIDR (the default of Cilium 1.7); without the second line, an agent that
# starts before the node has one makes up a range of its own.
enable-ipv4: "true"
k8s-require-ipv4-pod-cidr: "true"
enable-ipv6: "false"

# Packets between nodes travel in VXLAN, 8472/udp: it asks nothing of the network between the nodes.
tunnel: vxlan
auto-direct-node-routes: "false"
masquerade: "true"
install-iptables-rules: "true"
enable-xt-socket-fallback: "true"

# Services. Upstream's "probe" takes over whatever the node's kernel allows, even beside kube-proxy. With these, a node's
# kernel makes no difference: either all of it, or no agent; or nothing but Service addresses used by pods, as ever.
kube-proxy-replacement: {{ ternary "strict" "partial" .Values.kubeProxyReplacement }}
enable-host-reachable-services: "false"
enable-external-ips: "false"
enable-node-port: "false"
node-port-bind-protection: "true"
enable-auto-protect-node-port-range: "true"

# Host ports (Cilium 1.7, "Portmap (HostPort)"). cni-install.sh takes the value from the agent's environment.
cni-chaining-mode: portmap

# Network policy and identities, kept in custom resources whose definitions the agent creates.
identity-allocation-mode: crd
enable-remote-node-identity: "true"
enable-well-known-identities: "false"
sidecar-istio-proxy-image: cilium/istio_proxy
tofqdns-enable-poller: "false"

# eBPF in the kernel. Tables are allocated as they fill.
preallocate-bpf-maps: "false"
bpf-ct-global-tcp-max: "524288"
bpf-ct-global-any-max: "262144"
bpf-policy-map-max: "16384"
wait-bpf-mount: "false"
monitor-aggregation: medium
monitor-aggregation-flags: all
monitor-aggregation-interval: 5s

enable-endpoint-health-checking: "true"
cluster-name: default
debug: "false"
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
