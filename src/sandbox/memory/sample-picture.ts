/** The picture that the example of LivePerson's documentation names, so that a download can be tried before an upload. */
const bytes = Buffer.from(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAAwAEADASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAAUGA//EABgQAQADAQAAAAAAAAAAAAAAAAAVZKLh/8QAGAEBAAMBAAAAAAAAAAAAAAAAAAIDBAX/xAAXEQEBAQEAAAAAAAAAAAAAAAAAAhNR/9oADAMBAAIRAxEAPwDgA6rGCvCWMdISxjqraOp50kCvCWMdISxjptHTOkgBagAA1oDlNgADJAOqxgAK83X3wm6++JAqxjielK83X3wm6++JAYxw0oAWoP/Z',
  'base64',
)

const samplePath = /^\/v1\/AUTH_async-images\/[^/]+\/5f3aab9e_uuid_5c68d4e8_07-06-2018\.JPEG$/

/** Every account has it. */
export function samplePicture(path: string): { bytes: Buffer; contentType: string } | undefined {
  return samplePath.test(path) ? { bytes, contentType: 'image/jpeg' } : undefined
}
