// The camera of a gate's phone. Where the browser cannot read QR codes by itself, a library is loaded that can: only then, as it is large.

const LOOK_MS = 250;

const byBrowser = async () => {
  if (!("BarcodeDetector" in window)) return null;
  if (!(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) return null;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return async (video) => (await detector.detect(video))[0]?.rawValue ?? "";
};

const load = (address) =>
  new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });

const byLibrary = async ({ reader, wasm }) => {
  await load(reader);
  ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => wasm } });
  const canvas = document.createElement("canvas");
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    if (!canvas.width) return "";
    drawing.drawImage(video, 0, 0);
    const image = drawing.getImageData(0, 0, canvas.width, canvas.height);
    const [found] = await ZXingWASM.readBarcodes(image, { formats: ["QRCode"], maxNumberOfSymbols: 1 });
    return found?.text ?? "";
  };
};

const useCamera = async (button, check) => {
  const viewfinder = document.querySelector("#viewfinder");
  viewfinder.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  viewfinder.hidden = false;
  button.hidden = true;
  await viewfinder.play();
  const read = (await byBrowser()) ?? (await byLibrary(button.dataset));
  let last = "";
  const look = async () => {
    const text = await read(viewfinder);
    if (text && text !== last) check(text);
    last = text || last;
    setTimeout(look, LOOK_MS);
  };
  await look();
};

// ``tell`` says that there is no camera to use: the field is always there.
export const offerCamera = (button, check, tell) => {
  if (!navigator.mediaDevices?.getUserMedia) return;
  button.hidden = false;
  button.addEventListener("click", () => useCamera(button, check).catch(tell));
};
