// Package tencentvpc takes the place of a backend of flannel's that a bed cannot build:
// its cloud library is not to be had. The rest of this module is put
// here by the build, from the published one.
package tencentvpc
