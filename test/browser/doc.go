// Package browser opens pages in a headless Chromium, as tests look at them: in a window of some width, light or dark. It speaks
// the DevTools protocol through a pair of pipes, so that no port is open and no library is needed.
package browser
