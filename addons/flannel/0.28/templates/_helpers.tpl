{{- /*
The files of the ConfigMap: the CNI configuration for the container runtime, and flanneld's own. Without portmap, no host
port works.
*/ -}}
{{- define "flannel.files" -}}
cni-conf.json: |
  {
    "name": "cbr0",
    "cniVersion": "1.0.0",
    "plugins": [
      {
        "type": "flannel",
        "delegate": {
          "hairpinMode": true,
          "isDefaultGateway": true
        }
      },
      {
        "type": "portmap",
        "capabilities": {
          "portMappings": true
        }
      }
    ]
  }
net-conf.json: |
  {
    "Network": {{ .Values.podCIDR | toJson }},
    "EnableNFTables": {{ .Values.enableNFTables | toJson }},
    "Backend": {
      "Type": {{ .Values.backend | toJson }}
    }
  }
{{- end -}}
