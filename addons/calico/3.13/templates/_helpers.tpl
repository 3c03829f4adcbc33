{{- /* What each choice of encapsulation means to the agents: the modes of the IPPool, and who spreads the routes. */ -}}
{{- define "calico.encapsulation" -}}
{{- $choices := dict
  "VXLAN"            (dict "vxlan" "Always"      "ipip" "Never"       "backend" "vxlan")
  "VXLANCrossSubnet" (dict "vxlan" "CrossSubnet" "ipip" "Never"       "backend" "vxlan")
  "IPIP"             (dict "vxlan" "Never"       "ipip" "Always"      "backend" "bird")
  "IPIPCrossSubnet"  (dict "vxlan" "Never"       "ipip" "CrossSubnet" "backend" "bird")
  "None"             (dict "vxlan" "Never"       "ipip" "Never"       "backend" "bird")
-}}
{{- $unknown := keys $choices | sortAlpha | join ", " | printf "encapsulation is %q: choose one of %s" .Values.encapsulation -}}
{{- get $choices .Values.encapsulation | required $unknown | toYaml -}}
{{- end -}}

{{- /*
The data of calico-config. install-cni fills in what is between underscores. Without portmap, no host port works.
*/ -}}
{{- define "calico.config" -}}
calico_backend: {{ (include "calico.encapsulation" . | fromYaml).backend | eq "bird" | ternary "bird" "vxlan" }}
veth_mtu: {{ .Values.mtu | quote }}
cni_network_config: |
  {
    "name": "k8s-pod-network",
    "cniVersion": "0.3.1",
    "plugins": [
      {
        "type": "calico",
        "log_level": "info",
        "datastore_type": "kubernetes",
        "nodename": "__KUBERNETES_NODE_NAME__",
        "mtu": __CNI_MTU__,
        "ipam": {
          "type": "calico-ipam"
        },
        "policy": {
          "type": "k8s"
        },
        "kubernetes": {
          "kubeconfig": "__KUBECONFIG_FILEPATH__"
        }
      },
      {
        "type": "portmap",
        "snat": true,
        "capabilities": {
          "portMappings": true
        }
      },
      {
        "type": "bandwidth",
        "capabilities": {
          "bandwidth": true
        }
      }
    ]
  }
{{- end -}}
