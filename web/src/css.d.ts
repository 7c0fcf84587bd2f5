/** Style sheets of libraries, as text. */
declare module "*.css" {
  const text: string;
  export default text;
}
