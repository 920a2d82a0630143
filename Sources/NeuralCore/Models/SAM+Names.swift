// The names that files of SAM give their tensors.

extension SAM {
  /// From `transformers`' files, which hold the positions' directions twice.
  public static let names = NameMap([
    ("prompt_encoder.shared_embedding.positional_embedding", "")
  ])

  /// From the authors' own files, as MedSAM's are.
  public static let originalNames = NameMap(
    encoderRows + promptRows + decoderRows)

  private static let encoderRows: [(String, String)] = [
    ("image_encoder.patch_embed.proj.*", "vision_encoder.patch_embed.projection.*"),
    ("image_encoder.pos_embed", "vision_encoder.pos_embed"),
    ("image_encoder.blocks.{i}.norm1.*", "vision_encoder.layers.{i}.layer_norm1.*"),
    ("image_encoder.blocks.{i}.norm2.*", "vision_encoder.layers.{i}.layer_norm2.*"),
    ("image_encoder.blocks.{i}.*", "vision_encoder.layers.{i}.*"),
    ("image_encoder.neck.0.*", "vision_encoder.neck.conv1.*"),
    ("image_encoder.neck.1.*", "vision_encoder.neck.layer_norm1.*"),
    ("image_encoder.neck.2.*", "vision_encoder.neck.conv2.*"),
    ("image_encoder.neck.3.*", "vision_encoder.neck.layer_norm2.*"),
  ]

  private static let promptRows: [(String, String)] = [
    (
      "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix",
      "shared_image_embedding.positional_embedding"
    ),
    ("prompt_encoder.point_embeddings.{i}.weight", "prompt_encoder.point_embed.{i}.weight"),
    ("prompt_encoder.mask_downscaling.0.*", "prompt_encoder.mask_embed.conv1.*"),
    ("prompt_encoder.mask_downscaling.1.*", "prompt_encoder.mask_embed.layer_norm1.*"),
    ("prompt_encoder.mask_downscaling.3.*", "prompt_encoder.mask_embed.conv2.*"),
    ("prompt_encoder.mask_downscaling.4.*", "prompt_encoder.mask_embed.layer_norm2.*"),
    ("prompt_encoder.mask_downscaling.6.*", "prompt_encoder.mask_embed.conv3.*"),
  ]

  private static let decoderRows: [(String, String)] = {
    let layer = "mask_decoder.transformer.layers.{i}"
    let norms = (1...4).map { ("\(layer).norm\($0).*", "\(layer).layer_norm\($0).*") }
    let heads = ["mask_decoder.output_hypernetworks_mlps.{i}", "mask_decoder.iou_prediction_head"]
    let perceptrons = heads.flatMap { head in
      [
        ("\(head).layers.0.*", "\(head).proj_in.*"), ("\(head).layers.1.*", "\(head).layers.0.*"),
        ("\(head).layers.2.*", "\(head).proj_out.*"),
      ]
    }
    return norms + perceptrons + [
      (
        "mask_decoder.transformer.norm_final_attn.*",
        "mask_decoder.transformer.layer_norm_final_attn.*"
      ),
      ("mask_decoder.output_upscaling.0.*", "mask_decoder.upscale_conv1.*"),
      ("mask_decoder.output_upscaling.1.*", "mask_decoder.upscale_layer_norm.*"),
      ("mask_decoder.output_upscaling.3.*", "mask_decoder.upscale_conv2.*"),
    ]
  }()
}
